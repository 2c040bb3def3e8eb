import FleetAPI
import Glibc
import ProfileRepository
import ProfileSet
import Rollouts
import TUF

extension ProfileCatalogue {
    /// What is published in a folder; nothing where there is no repository.
    static func repository(_ path: String) -> ProfileCatalogue {
        @Sendable func published() throws -> [SetRelease] {
            guard access("\(path)/repository.json", F_OK) == 0 else { return [] }
            let now = TUFTime(seconds: Int64(time(nil)))
            return try ProfileRepository(path).publishedSets(now: now).map { SetRelease($0) }
        }
        return ProfileCatalogue(published: published) { set, version in
            try published().filter { $0.set == set && (version == nil || $0.version == version) }
                .max { $0.release < $1.release }
        }
    }
}
